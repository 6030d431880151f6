"""A small enterprise that is made up: what its hosts tell day by day, attacks laid in, and a judge of the scores."""
