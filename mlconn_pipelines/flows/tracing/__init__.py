"""Where every element of a document came from and where every field went, found by changing inputs one at a time."""
