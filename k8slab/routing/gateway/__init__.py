"""Pure: objects of the Gateway API -> listeners, routes and their statuses; a request -> the rule that it takes."""
