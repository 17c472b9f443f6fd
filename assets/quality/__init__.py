"""The quality report per delivery, for the person who takes deliveries in.

Its own room beside the layers: it reads raw, harmonised and validated, nothing reads it, and nothing of it is published or
put in a bundle. Pure builders (tables -> facts -> content -> HTML and Markdown); only `settings.py` and `writer.py` touch the
file system.
"""
