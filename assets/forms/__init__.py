"""Forms that municipalities fill: what is asked, as a workbook and as a page, and what comes back. Pure but for `files.py`."""
