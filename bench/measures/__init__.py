"""Each module measures one kind of thing and writes rows into the results."""
