"""What bench/end-to-end and bench/outage are made of."""
