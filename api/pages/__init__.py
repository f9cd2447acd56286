"""The web pages: server-rendered, Chinese first, over the same workflows as the HTTP interface."""
