"""A simulated Sage 100 server behind its business object interface: plain Python that needs nothing but Python, under Windows too."""
