"""Files on their way in: received, asked about, checked and told, and the systems that send them."""
