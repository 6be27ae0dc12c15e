#!/bin/sh
# Turns a fresh mount, PID and UTS namespace into a sandbox host: the disk's root directory becomes `/`, the Linux it needs
# is below /.sandbox, the rest of this machine is gone. Then it is the namespace's init: it starts the resident process,
# collects orphans, and ends with it, and with init everything in the namespace ends.
#
# boot.sh NAME DISK SOURCES NODE_PREFIX NODE PYTHON_PREFIX PYTHON; descriptor 3 is the resident's.
set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
name=$1 disk=$2 sources=$3 node_prefix=$4 node=$5 python_prefix=$6 python=$7

mount --bind "$disk/root" "$disk/root"
cd "$disk/root"
mount -t tmpfs -o mode=755 sandbox .sandbox
mkdir .sandbox/linux .sandbox/disk .sandbox/gone
mount --bind "$disk" .sandbox/disk

for directory in usr bin sbin lib lib32 lib64 libx32; do
  if [ -L /$directory ]; then
    cp -P /$directory .sandbox/linux/
  elif [ -d /$directory ]; then
    mkdir .sandbox/linux/$directory
    mount -o bind,ro /$directory .sandbox/linux/$directory
  fi
done

# A program outside /usr comes with the directory it is installed in.
show() { # NAME PREFIX PROGRAM
  case $3 in
    /usr/*) ln -s "linux$3" ".sandbox/$1" ;;
    *)
      mkdir ".sandbox/$1-prefix"
      mount -o bind,ro "$2" ".sandbox/$1-prefix"
      ln -s "$1-prefix${3#"$2"}" ".sandbox/$1"
      ;;
  esac
}
show node "$node_prefix" "$node"
show python "$python_prefix" "$python"

{
  printf '#!/.sandbox/python -IS\n'
  cat "$sources/client.py"
} > .sandbox/client
chmod 755 .sandbox/client
cp "$sources/exlock.cjs" "$sources/snapdir.cjs" "$sources/jail.sh" .sandbox/
mkdir .sandbox/jail

mount -t proc proc proc
mount -t tmpfs -o mode=755 devfs dev
for device in null zero full random urandom tty; do
  : > dev/$device
  mount --bind /dev/$device dev/$device
done
mkdir dev/pts
# tty is group 4 on FreeBSD.
mount -t devpts -o newinstance,gid=4,mode=620,ptmxmode=666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s ../proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr

pivot_root . .sandbox/gone
cd /
PATH=/.sandbox/linux/usr/sbin:/.sandbox/linux/usr/bin:/.sandbox/linux/sbin:/.sandbox/linux/bin
umount -l /.sandbox/gone
rmdir /.sandbox/gone
hostname "$name"

env -i PATH="$PATH" HOME=/root /.sandbox/node /.sandbox/disk/resident.mjs &
wait $!
