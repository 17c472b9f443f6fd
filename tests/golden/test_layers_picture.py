"""The picture of the layers shows the layers as they are: a new table or a new reader changes it."""

from docs.build.layers import ORDER, PICTURE, picture, read_graph


def test_the_picture_is_the_asset_graph():
    assert PICTURE.read_text(encoding="utf-8") == picture(*read_graph()), "kör python -m docs.build.layers"


def test_every_table_and_only_arrows_downwards():
    layers, edges = read_graph()
    drawn = picture(layers, edges).replace("</text>", " ").replace(",", " ")
    assert all(f" {table} " in f" {drawn.replace('>', ' ')} " for tables in layers.values() for table in tables)
    assert all(ORDER.index(above) < ORDER.index(below) for above, below in edges)
    assert drawn.count("<path d=") == len(edges)


def test_another_graph_is_another_picture():
    layers, edges = read_graph()
    assert picture(layers, edges - {("indices", "release")}) != picture(layers, edges)
