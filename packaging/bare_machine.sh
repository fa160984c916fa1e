# Run as the first process of new namespaces: makes the folder $1 the root, and becomes the program behind it.
root=$1
shift
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys" 2>/dev/null || mount --rbind /sys "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup" 2>/dev/null || true
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mount -t tmpfs tmpfs "$root/dev"
# Nodes of its own: systemd changes the owner and rights of what it takes for its console.
mknod -m 666 "$root/dev/null" c 1 3
mknod -m 666 "$root/dev/zero" c 1 5
mknod -m 666 "$root/dev/full" c 1 7
mknod -m 666 "$root/dev/random" c 1 8
mknod -m 666 "$root/dev/urandom" c 1 9
mknod -m 666 "$root/dev/tty" c 5 0
mknod -m 600 "$root/dev/console" c 1 3
mkdir "$root/dev/shm" "$root/dev/pts" "$root/tmp/.X11-unix"
mount -t tmpfs tmpfs "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
if [ -d /tmp/.X11-unix ]; then
	mount --bind /tmp/.X11-unix "$root/tmp/.X11-unix"
fi
chmod 1777 "$root/tmp" "$root/dev/shm"
ip link set lo up
cd "$root" || exit
pivot_root . mnt
umount -l /mnt
echo ready
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@" >/dev/null 2>&1
