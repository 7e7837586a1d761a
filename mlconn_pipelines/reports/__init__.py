"""Reports as data frames with a stated schema."""
