"""What the product does, one module each. Stateless values, made once at start-up, given their ports and rules."""
