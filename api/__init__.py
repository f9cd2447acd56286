"""HTTP interface, pages, command line and the composition root."""
