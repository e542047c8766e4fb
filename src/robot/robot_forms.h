/* robot_forms.h - the four forms. Each runs until SIGTERM or SIGINT, then answers the exit code. */
#ifndef ROBOT_FORMS_H
#define ROBOT_FORMS_H

#include "robot_door.h"
#include "robot_options.h"

/* The door is open and bears the real address; the form says that it is ready and closes the door. */
typedef int robot_form(const struct robot_options *options, struct door *door);

robot_form robot_select;
robot_form robot_process;
robot_form robot_thread;
robot_form robot_epoll;

#endif
