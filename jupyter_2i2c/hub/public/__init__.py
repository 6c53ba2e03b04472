"""The page that anybody can read, logged in or not: who runs this hub, and whom to ask."""
