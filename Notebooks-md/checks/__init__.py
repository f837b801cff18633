"""What is right, and what is known to go wrong, notebook by notebook. Reading these files gives solutions away."""
