#!/bin/sh
# Turns a fresh mount, PID, UTS and IPC namespace into the inside of a jail: its root directory becomes `/`, with programs of
# this Linux in the place of FreeBSD's. Then it is the jail's init: it collects orphans, and with it all in the jail ends.
#
# jail.sh ROOT SOCKET HOSTNAME
set -eu
PATH=/.sandbox/linux/usr/sbin:/.sandbox/linux/usr/bin:/.sandbox/linux/sbin:/.sandbox/linux/bin
root=$1 socket=$2 hostname=$3

# Shows what is in FROM at INTO, entry by entry, except for what is named.
show() { # FROM INTO EXCEPT…
  from=$1 into=$2
  shift 2
  for entry in "$from"/* "$from"/.[!.]*; do
    name=${entry##*/}
    for except; do
      if [ "$name" = "$except" ]; then continue 2; fi
    done
    if [ -L "$entry" ]; then
      cp -P "$entry" "$into/"
    elif [ -d "$entry" ]; then
      mkdir "$into/$name"
      mount --rbind "$entry" "$into/$name"
    elif [ -e "$entry" ]; then
      : > "$into/$name"
      mount --bind "$entry" "$into/$name"
    fi
  done
}

if [ "$root" != / ]; then
  mount -t tmpfs -o mode=755 jail /.sandbox/jail
  cd /.sandbox/jail
  show "$root" . .sandbox bin dev lib lib64 proc sbin usr
  mkdir -p .sandbox bin dev proc sbin usr/bin usr/sbin
  if [ -d "$root/usr" ]; then show "$root/usr" usr bin lib lib64 sbin; fi
  for directory in bin dev sbin usr/bin usr/sbin; do mount --rbind /$directory $directory; done
  ln -s .sandbox/linux/lib lib
  ln -s .sandbox/linux/lib64 lib64
  ln -s /.sandbox/linux/usr/lib usr/lib
  ln -s /.sandbox/linux/usr/lib64 usr/lib64
  for entry in linux node node-prefix python python-prefix client exlock.cjs snapdir.cjs; do
    if [ -L /.sandbox/$entry ]; then
      cp -P /.sandbox/$entry .sandbox/
    elif [ -d /.sandbox/$entry ]; then
      mkdir .sandbox/$entry
      mount --rbind /.sandbox/$entry .sandbox/$entry
    elif [ -e /.sandbox/$entry ]; then
      cp -p /.sandbox/$entry .sandbox/
    fi
  done
  : > .sandbox/socket
  mount --bind "$socket" .sandbox/socket
  mount -t proc proc proc
  if ! [ -w "$root" ]; then mount -o remount,ro .; fi
  pivot_root . .
  umount -l .
  cd /
else
  mount -t proc proc /proc
fi
hostname "$hostname"
echo ready
exec > /dev/null 2>&1
# Nobody else sleeps that long: it is not counted as a process of the jail. `kill -9 -1` ends it too.
while :; do
  sleep 2147483647 &
  wait
done
