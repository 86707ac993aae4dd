c.JupyterHub.load_roles.extend(
    [
        {
            "name": "user",
            "scopes": ["self", "shares!user", "list:users", "list:groups"],
        },
        {
            "name": "server",
            "scopes": [
                "users:activity!user",
                "access:servers!server",
                "shares!server",
                "list:users",
                "list:groups",
            ],
        },
    ]
)
