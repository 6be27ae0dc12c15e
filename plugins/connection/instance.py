"""Into an instance: ssh to its host, jexec(8) into its jail."""

from __future__ import annotations

DOCUMENTATION = """
name: instance
short_description: Runs tasks inside instances, through their hosts
description:
  - Connects to an instance's host with Ansible's own ssh, shared with tasks for the host itself, and enters the instance
    there with jexec(8). The instance needs no sshd and no address.
  - Files are sent and fetched through jexec(8) too. Nothing is written from the host below an instance's root, where the
    customer's links would lead elsewhere.
  - The inventory program C(scripts/instances.cjs) sets all variables that this needs.
notes:
  - Inside one is root. Become somebody else with C(ansible.builtin.su) and the flag C(-m).
  - A login other than root at the host must be allowed sudo or doas without a password.
author: the bluejail.hosting authors (!UNKNOWN)
extends_documentation_fragment:
  - bluejail.hosting.ssh
  - ansible.builtin.connection_pipelining
options:
  instance:
    description: The instance's id, which is its jail's name.
    type: string
    required: true
    vars:
      - name: ansible_instance_id
  escalation:
    description: What makes a login at the host root. It is not used where the login is root.
    type: string
    choices: [sudo, doas]
    default: sudo
    vars:
      - name: ansible_instance_escalation
"""

import re
import shlex

from ansible.errors import AnsibleConnectionFailure, AnsibleError, AnsibleFileNotFound
from ansible.module_utils.common.text.converters import to_bytes, to_native, to_text
from ansible.plugins.connection.ssh import Connection as Ssh

INSTANCE_ID = re.compile(r"[a-z][a-z0-9-]{0,10}")

# For sh(1), whatever the login's own shell is. Both programs take -n: fail rather than ask for a password.
AS_ROOT = 'escalation=$1; shift; test "$(id -u)" = 0 || exec "$escalation" -n "$@"; exec "$@"'


class Connection(Ssh):
    """Ssh's, with every command wrapped."""

    transport = "bluejail.hosting.instance"

    def exec_command(self, cmd, in_data=None, sudoable=True):
        instance = self.get_option("instance")
        status, out, err = super().exec_command(self._inside(instance, cmd), in_data=in_data, sudoable=sudoable)
        if status == 1 and to_bytes('jexec: jail "%s" not found' % instance) in err:
            raise AnsibleConnectionFailure("the instance %s does not run on %s: start it first" % (instance, self.host))
        if status == 1 and re.match(rb"(sudo|doas): .*(password|Authorization|Authentication)", err):
            raise AnsibleConnectionFailure(
                "%s at %s may not become root without a password, which entering %s takes: %s"
                % (self.user, self.host, instance, to_native(err.strip()))
            )
        return status, out, err

    def _inside(self, instance, cmd):
        if not INSTANCE_ID.fullmatch(to_text(instance)):
            raise AnsibleConnectionFailure("'%s' cannot be an instance's id: see ansible_instance_id" % instance)
        jexec = ["/usr/sbin/jexec", "-l", instance, "/bin/sh", "-c", to_text(cmd)]
        return shlex.join(["/bin/sh", "-c", AS_ROOT, "sh", self.get_option("escalation"), *jexec])

    def _build_command(self, binary, subsystem, *other_args):
        # Ssh reads one option for the login; Ansible asks it who one is in the end.
        inside = self.get_option("remote_user")
        self.set_option("remote_user", self.get_option("login"))
        try:
            return super()._build_command(binary, subsystem, *other_args)
        finally:
            self.set_option("remote_user", inside)

    def _file_transport_command(self, in_path, out_path, sftp_action):
        if sftp_action == "get":
            status, out, err = self.exec_command("cat < %s" % shlex.quote(in_path), sudoable=False)
        else:
            with open(to_bytes(in_path, errors="surrogate_or_strict"), "rb") as file:
                content = file.read()
            # Without input there would be a terminal, and no end of it.
            write = "cat" if content else ":"
            status, out, err = self.exec_command("%s > %s" % (write, shlex.quote(out_path)), content, sudoable=False)
        if status == 255:
            raise AnsibleConnectionFailure("%s could not be reached: %s" % (self.host, to_native(err)))
        if status != 0 and sftp_action == "get":
            raise AnsibleFileNotFound("%s cannot be read inside: %s" % (in_path, to_native(err)))
        if status != 0:
            raise AnsibleError("%s cannot be written inside: %s" % (out_path, to_native(err)))
        if sftp_action == "get":
            with open(to_bytes(out_path, errors="surrogate_or_strict"), "wb") as file:
                file.write(out)
        return status, out, err
