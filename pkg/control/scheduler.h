/*
 * scheduler: the controller that binds pods where the host does not (simulated and docker hosts).
 */
#ifndef NUTSHELL_CONTROL_SCHEDULER_H
#define NUTSHELL_CONTROL_SCHEDULER_H

#include "work/work.h"

extern const struct controller scheduler_controller;

#endif
