"""What rests on what: from a question or a delivery to the numbers, charts, sentences and publications that it touches. Pure."""
