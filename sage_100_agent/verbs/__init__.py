"""What a job may ask for: a closed list of verbs with the forms of their parameters, and how each is done in Sage.

May import boi. Start reading at `catalogue.py`.
"""
