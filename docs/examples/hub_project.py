c.JupyterHub.load_groups.update(
    {
        "lake-project": {"users": ["ida", "joe"]},
        "collaborative": {"users": ["lake-project"]},
    }
)
c.JupyterHub.load_roles.extend(
    [
        {
            "name": "lake-project",
            "scopes": [
                "access:servers!user=lake-project",
                "admin:servers!user=lake-project",
                "list:users!user=lake-project",
            ],
            "groups": ["lake-project"],
        },
    ]
)
