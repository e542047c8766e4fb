/*
 * terminal.h - the console edits lines, which changes the terminal's settings.
 * If it is killed nobody sets them back: so the keeper remembers how they were.
 */
#ifndef TERMINAL_H
#define TERMINAL_H

void terminal_remember(void);
/* Does nothing if standard input is no terminal. */
void terminal_restore(void);

#endif
