"""What tests share: file systems, servers, models and programs that they make or start."""
