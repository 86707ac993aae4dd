"""The wire protocol: messages and Yjs updates as bytes."""
