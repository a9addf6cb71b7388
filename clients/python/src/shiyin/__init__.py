"""A client of a Shiyin node: files are hashed here, and no byte of them is sent."""

from .client import Node
from .problem import Problem
from .types import File, Record, hash_file
from .webhooks import BadWebhook, verify_webhook

__all__ = ["BadWebhook", "File", "Node", "Problem", "Record", "hash_file", "verify_webhook"]
__version__ = "0.1.0"
