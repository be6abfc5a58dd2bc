"""The core of the helpdesk: rules as plain data and functions, standard library only."""
