"""Views of a journal for people: notebook, page, table. Each is a fold over the events."""
