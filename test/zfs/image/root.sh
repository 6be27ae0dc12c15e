#!/bin/sh
# root.sh DIRECTORY SOURCES KERNEL NODE: what the virtual machine boots from, into DIRECTORY. KERNEL is the directory that
# kernel.sh made, NODE the program that becomes /usr/local/bin/node there.
set -eu
directory=$1 sources=$2 kernel=$3 node=$4
here=$(dirname "$0")
tree=$directory/tree
zfs=$(cat "$kernel/zfs-version")

# sanoid brings Perl; pv, lzop and mbuffer are what syncoid pipes through where they are there. Python is for Ansible's modules.
mmdebstrap --mode=root --variant=minbase \
  --include="$(printf '%s=%s,' zfsutils-linux "$zfs" libzfs6linux "$zfs" libzpool6linux "$zfs" libnvpair3linux "$zfs" libuutil3linux "$zfs")kmod,busybox-static,cpio,openssh-server,openssh-client,iproute2,procps,sanoid,pv,lzop,mbuffer,python3" \
  bookworm "$tree" "$sources"
rm -rf "$tree"/usr/share/doc "$tree"/usr/share/man "$tree"/usr/share/locale "$tree"/var/lib/apt "$tree"/var/cache/apt
tar -C "$tree" --keep-directory-symlink -xf "$kernel/modules.tar"
chroot "$tree" depmod "$(cat "$kernel/kernel-version")"

install -D "$node" "$tree/usr/local/bin/node"
chroot "$tree" node --version >"$directory/node-version"
install "$here/start" "$tree/sbin/start"
# FreeBSD's options of mount(8), which Linux's lacks.
mv "$tree/bin/mount" "$tree/bin/mount.linux"
install "$here/mount" "$tree/bin/mount"

# One key for who comes in from outside and for the machine's way to itself.
rm -f "$directory/key" "$directory/key.pub"
ssh-keygen -q -t ed25519 -N '' -C zfs-test -f "$directory/key"
rm -f "$tree"/etc/ssh/ssh_host_*
ssh-keygen -q -t ed25519 -N '' -C zfs-test -f "$tree/etc/ssh/ssh_host_ed25519_key"
install -d -m 0700 "$tree/root/.ssh"
install -m 0600 "$directory/key.pub" "$tree/root/.ssh/authorized_keys"
install -m 0600 "$directory/key" "$tree/root/.ssh/id_ed25519"
host_key=$(cut -d ' ' -f 1-2 "$tree/etc/ssh/ssh_host_ed25519_key.pub")
printf 'localhost,127.0.0.1 %s\n' "$host_key" >"$tree/root/.ssh/known_hosts"
printf 'zfs-test %s\n' "$host_key" >"$directory/known_hosts"
# The key exchange that costs least: the machine has no hardware for any.
cat >"$tree/etc/ssh/sshd_config" <<'END'
KexAlgorithms curve25519-sha256
HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
UsePAM no
UseDNS no
MaxSessions 100
MaxStartups 100
Subsystem sftp internal-sftp
END
printf 'zfs-test\n' >"$tree/etc/hostname"
printf '127.0.0.1 localhost zfs-test\n' >"$tree/etc/hosts"
printf '00bab10c' >"$directory/hostid-text"
chroot "$tree" zgenhostid -f "$(cat "$directory/hostid-text")"
rm "$directory/hostid-text"

# The first files: enough to find the disk.
first=$directory/first
install -d "$first/bin" "$first/modules" "$first/dev" "$first/proc" "$first/root"
install "$tree/bin/busybox" "$first/bin/busybox"
install "$here/first" "$first/init"
number=0
for module in virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk; do
  number=$((number + 1))
  cp "$(find "$tree/lib/modules" -name "$module.ko")" "$first/modules/$number.ko"
done
install -d "$tree/first"
mount --bind "$first" "$tree/first"
trap 'umount "$tree/first"' EXIT
chroot "$tree" sh -c 'cd /first && find . | cpio --quiet -o -H newc' | gzip -1 >"$directory/initrd"
umount "$tree/first"
trap - EXIT
rmdir "$tree/first"
rm -rf "$first"

rm -f "$directory/root.img"
truncate -s 4G "$directory/root.img"
mke2fs -q -t ext4 -O ^has_journal -m 0 -d "$tree" "$directory/root.img"
rm -rf "$tree"
