"""What is declared: contracts, layouts, SQL, lookups and promises of time, read from files alone, and the keys that follow from them.

Here is what can be said before any data is looked at. Not here: anything that opens a lake or a connection.
"""
