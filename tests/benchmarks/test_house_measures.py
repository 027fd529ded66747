"""What the house is made of is counted as one would by hand."""

from benchmarks import house_measures


def test_blank_lines_comments_and_docstrings_are_no_code(tmp_path):
    text = '"""Says\nwhat."""\n\n# why\nX = """two\nlines"""\n\n\ndef f():\n    """Say."""\n    return X\n'

    assert house_measures.lines_of_code(text) == 4


def test_migrations_and_the_simulation_do_not_count(tmp_path):
    for name in ("students/a.py", "simulation/b.py", "students/migrations/0001.py", "students/__init__.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("X = 1\n")

    found = house_measures.measured(tmp_path)

    assert (found["source_lines"], found["modules"], found["flat"]["students"]) == (2, 2, 1)
