/* SPDX-License-Identifier: BSD-2-Clause */
/* Bodies of the commands: what the table in command.c points at. */
#ifndef CTL_CMD_H
#define CTL_CMD_H

#include "ctl/command.h"

enum ctl_exit cmd_status(struct ctl_call *call);
enum ctl_exit cmd_health(struct ctl_call *call);
enum ctl_exit cmd_version(struct ctl_call *call);
enum ctl_exit cmd_service_list(struct ctl_call *call);
enum ctl_exit cmd_service_show(struct ctl_call *call);
enum ctl_exit cmd_backend_list(struct ctl_call *call);
enum ctl_exit cmd_backend_drain(struct ctl_call *call);
enum ctl_exit cmd_backend_maint(struct ctl_call *call);
enum ctl_exit cmd_backend_enable(struct ctl_call *call);
enum ctl_exit cmd_backend_weight(struct ctl_call *call);
enum ctl_exit cmd_show_stats(struct ctl_call *call);
enum ctl_exit cmd_show_drops(struct ctl_call *call);
enum ctl_exit cmd_show_config(struct ctl_call *call);
enum ctl_exit cmd_show_neighbors(struct ctl_call *call);
enum ctl_exit cmd_show_peers(struct ctl_call *call);
enum ctl_exit cmd_show_maps(struct ctl_call *call);
enum ctl_exit cmd_show_connections(struct ctl_call *call);
enum ctl_exit cmd_show_overrides(struct ctl_call *call);
enum ctl_exit cmd_show_announcements(struct ctl_call *call);
enum ctl_exit cmd_announce_drain(struct ctl_call *call);
enum ctl_exit cmd_announce_resume(struct ctl_call *call);
enum ctl_exit cmd_capture(struct ctl_call *call);
enum ctl_exit cmd_explain(struct ctl_call *call);
enum ctl_exit cmd_firewall_list(struct ctl_call *call);
enum ctl_exit cmd_firewall_test(struct ctl_call *call);
enum ctl_exit cmd_firewall_add(struct ctl_call *call);
enum ctl_exit cmd_firewall_del(struct ctl_call *call);
enum ctl_exit cmd_reload(struct ctl_call *call);
enum ctl_exit cmd_config_diff(struct ctl_call *call);
enum ctl_exit cmd_config_apply(struct ctl_call *call);
enum ctl_exit cmd_config_confirm(struct ctl_call *call);
enum ctl_exit cmd_backend_add(struct ctl_call *call);
enum ctl_exit cmd_backend_del(struct ctl_call *call);
enum ctl_exit cmd_doctor(struct ctl_call *call);
enum ctl_exit cmd_events(struct ctl_call *call);

void render_status(const struct ctl_view *view, struct buf *out);
void render_health(const struct ctl_view *view, struct buf *out);
void render_service_list(const struct ctl_view *view, struct buf *out);
void render_service_show(const struct ctl_view *view, struct buf *out);
void render_backend_list(const struct ctl_view *view, struct buf *out);
void render_backend_change(const struct ctl_view *view, struct buf *out);
void render_show_stats(const struct ctl_view *view, struct buf *out);
void render_show_drops(const struct ctl_view *view, struct buf *out);
void render_show_config(const struct ctl_view *view, struct buf *out);
void render_show_neighbors(const struct ctl_view *view, struct buf *out);
void render_show_peers(const struct ctl_view *view, struct buf *out);
void render_show_maps(const struct ctl_view *view, struct buf *out);
void render_show_connections(const struct ctl_view *view, struct buf *out);
void render_show_overrides(const struct ctl_view *view, struct buf *out);
void render_show_announcements(const struct ctl_view *view, struct buf *out);
void render_announce(const struct ctl_view *view, struct buf *out);
void render_explain(const struct ctl_view *view, struct buf *out);
void render_firewall_list(const struct ctl_view *view, struct buf *out);
void render_firewall_hits(const struct ctl_view *view, struct buf *out);
void render_firewall_test(const struct ctl_view *view, struct buf *out);
void render_firewall_edit(const struct ctl_view *view, struct buf *out);
void render_reload(const struct ctl_view *view, struct buf *out);
void render_config_diff(const struct ctl_view *view, struct buf *out);
void render_config_apply(const struct ctl_view *view, struct buf *out);
void render_backend_edit(const struct ctl_view *view, struct buf *out);

enum ctl_exit handover_config(struct cli *cli, const char *const *args, size_t n,
			      struct client_request *request);

enum ctl_exit follow_drain(struct cli *cli, const char *const *args);

enum ctl_exit local_capture(struct cli *cli, const char *const *args, size_t n);
enum ctl_exit local_version(struct cli *cli, const char *const *args, size_t n);
enum ctl_exit local_config_check(struct cli *cli, const char *const *args, size_t n);
enum ctl_exit local_config_explain(struct cli *cli, const char *const *args, size_t n);
enum ctl_exit local_config_schema(struct cli *cli, const char *const *args, size_t n);
enum ctl_exit local_top(struct cli *cli, const char *const *args, size_t n);
enum ctl_exit local_events(struct cli *cli, const char *const *args, size_t n);
enum ctl_exit local_doctor(struct cli *cli, const char *const *args, size_t n);
enum ctl_exit local_help(struct cli *cli, const char *const *args, size_t n);

#endif /* CTL_CMD_H */
