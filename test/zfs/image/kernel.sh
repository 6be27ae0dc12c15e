#!/bin/sh
# kernel.sh DIRECTORY SOURCES: Debian's cloud kernel, and the modules of OpenZFS built for it, into DIRECTORY.
# SOURCES are lines for apt. Nothing is installed on this machine: all is done in a file tree of its own.
set -eu
directory=$1 sources=$2
tree=$directory/tree

mmdebstrap --mode=root --variant=minbase \
  --include=linux-image-cloud-amd64,linux-headers-cloud-amd64,zfs-dkms/bookworm-backports \
  bookworm "$tree" "$sources"

kernel=$(ls "$tree/lib/modules")
zfs=$(chroot "$tree" dpkg-query -W -f '${Version}' zfs-dkms)
# The package builds when it is configured, unless it was configured before the headers were.
mount -t proc proc "$tree/proc"
chroot "$tree" dkms install "zfs/${zfs%%-*}" -k "$kernel"
chroot "$tree" modinfo -k "$kernel" -F vermagic zfs >/dev/null
umount "$tree/proc"

cp "$tree/boot/vmlinuz-$kernel" "$directory/vmlinuz"
tar -C "$tree" --exclude="lib/modules/$kernel/build" --exclude="lib/modules/$kernel/source" \
  -cf "$directory/modules.tar" "lib/modules/$kernel"
printf '%s\n' "$kernel" >"$directory/kernel-version"
printf '%s\n' "$zfs" >"$directory/zfs-version"
rm -rf "$tree"
