"""What pages ask about supervision, meetings and districts."""
