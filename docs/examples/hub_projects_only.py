OFF = "--YDocExtension.disable_rtc=True"


def collaborate_on_projects_only(spawner):
    groups = {group.name for group in spawner.user.groups}
    args = [each for each in spawner.args if each != OFF]
    spawner.args = args if "collaborative" in groups else [*args, OFF]


c.Spawner.pre_spawn_hook = collaborate_on_projects_only
