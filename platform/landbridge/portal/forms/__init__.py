"""Forms check the shape of what was sent; whether it may be done is the services' to say."""
