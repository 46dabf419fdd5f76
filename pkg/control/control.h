/*
 * control: the controllers of a cluster, one small file each on the runtime of work.
 *
 * Each descriptor's name is the one --controllers takes.  All are level-triggered and stateless between
 * reconciles, save the garbage collector, whose graph is an index of what memory holds anyway.
 */
#ifndef NUTSHELL_CONTROL_CONTROL_H
#define NUTSHELL_CONTROL_CONTROL_H

#include "work/work.h"

extern const struct controller namespace_controller, serviceaccount_controller, root_ca_controller,
	deployment_controller, replicaset_controller, endpointslice_controller,
	endpoints_controller, gc_controller, pod_gc_controller, clusterrole_controller,
	replicationcontroller_controller, statefulset_controller, daemonset_controller;
extern const struct controller resource_quota_controller;

/* The controllers every cluster runs, whatever its host; NULL-terminated. */
extern const struct controller *const control_all[];

#endif
