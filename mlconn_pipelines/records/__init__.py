"""Each system's own record shapes, in the vendor's field names."""
