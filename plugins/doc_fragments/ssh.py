"""The options of Ansible's own ssh connection, as the release that runs has them, for a connection that goes through ssh."""

from __future__ import annotations

import yaml

from ansible.plugins.connection import ssh


def options_of_ssh():
    """Those options; what differs where ssh only leads to the host of what one wants to reach."""
    options = yaml.safe_load(ssh.DOCUMENTATION)["options"]
    login = options["remote_user"]
    options["login"] = {
        "description": ["The login at the instance's host, where the command line or the settings do not say it."],
        "type": "string",
        "vars": [{"name": "ansible_instance_login"}],
        **{key: login[key] for key in ("env", "ini", "cli") if key in login},
    }
    options["remote_user"] = {
        "description": ["Who one is inside. It is for Ansible to know whose home directory that is: jexec(8) makes it root."],
        "type": "string",
        "default": "root",
        "vars": [{"name": "ansible_user"}],
    }
    # A terminal of the host would be the customer's to write to.
    options["use_tty"] = {
        "description": ["Never: what runs inside gets no terminal of the host."],
        "type": "bool",
        "default": False,
    }
    return options


def without_releases(value):
    """Releases of ansible-core would be taken for releases of this collection."""
    if isinstance(value, dict):
        return {key: without_releases(item) for key, item in value.items() if key not in ("version_added", "deprecated")}
    if isinstance(value, list):
        return [without_releases(item) for item in value]
    return value


class ModuleDocFragment:
    """What `extends_documentation_fragment` takes."""

    # With its type, since `ansible-test sanity` takes a plain assignment for a literal.
    DOCUMENTATION: str = yaml.safe_dump({"options": without_releases(options_of_ssh())})
