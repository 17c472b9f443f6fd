"""The facilitator's kit and the workshop board as bytes. Layer reports: it reaches only the release."""
