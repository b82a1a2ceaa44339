"""Receivers on the network: a queue, a sender, and what becomes of each batch."""
