/*
 * folderlock.h - one server per data folder.
 *
 * Two locks on one file. The first is the keeper's own and dies with it: who
 * finds it taken, finds another server. The second is handed to every child
 * and is free when the last of them is gone: who finds only this one taken,
 * finds the children of a keeper that was killed, who are writing down the
 * last of what was said, and waits for them.
 */
#ifndef FOLDERLOCK_H
#define FOLDERLOCK_H

/*
 * Both descriptors are of the lock file, opened separately; neither may be
 * closed, nor any other descriptor of that file, while the keeper lives.
 * Exits with a sentence.
 */
void folderlock_take(int keeper_lock, int lock, const char *data);

#endif
