"""What regeneration made of the contract: its models, its operations with their methods, and the contract itself."""
