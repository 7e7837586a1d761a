"""What X12 allows, as data: one folder a release (elements, segments, composites, codes), one file a transaction set."""
