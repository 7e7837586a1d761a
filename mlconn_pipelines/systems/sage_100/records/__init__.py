"""Records of Sage 100 as the agent tells them: under the columns' own names, numbers as text."""
