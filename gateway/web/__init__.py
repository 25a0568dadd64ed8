"""What every HTTP part needs: errors as replies, middleware, limits. Knows nothing of chats."""
