/*
 * Figures of the store alone: start, group commit, reading, loading.  Not part of `make bench`:
 *
 *	make unit-programs, then link this file with $(O)/libnutshell.a as the unit tests are
 *	store DIR [SECONDS]     DIR is made and stays
 */
#include "base/clock.h"
#include "base/thread.h"
#include "store_fixture.h"

#include <stdatomic.h>
#include <unistd.h>

#define LOAD 50000
#define SAMPLES 2000000

struct bench {
	struct store *s;
	struct table *t;
	_Atomic bool stop;
	_Atomic size_t n;
	int id;
	int64_t *latency;
};

static double ms(int64_t ns)
{
	return (double)ns / 1e6;
}

static void committer(void *arg)
{
	struct bench *b = arg;
	int id = atomic_fetch_add((_Atomic int *)&b->id, 1);
	char value[901], name[24];

	memset(value, 'v', 900);
	value[900] = 0;
	for (int i = 0; !b->stop; i++) {
		struct store_write w = { .table = b->t, .op = i < 50 ? STORE_CREATE : STORE_UPDATE };
		int64_t begin;
		size_t n;

		snprintf(name, sizeof name, "c%d-%d", id, i % 50);
		w.obj = fixture_obj("bench", name, value);
		begin = clock_mono_ns();
		if (store_commit(b->s, &w, 1, NULL, NULL) > STORE_EXISTS)
			abort();
		obj_unref(w.result);
		n = atomic_fetch_add(&b->n, 1);
		if (n < SAMPLES)
			b->latency[n] = clock_mono_ns() - begin;
	}
}

static int by_value(const void *x, const void *y)
{
	const int64_t *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

static void commits(struct store *s, int threads, double seconds)
{
	struct bench b = { .s = s, .latency = calloc(SAMPLES, sizeof(int64_t)) };
	struct thread *t[256];
	struct store_stats before, after;
	char name[24];
	int64_t end = clock_mono_ns() + (int64_t)(seconds * 1e9);
	size_t n;

	snprintf(name, sizeof name, "bench%d", threads);
	b.t = store_table(s, name, NULL);
	store_stats(s, &before);
	for (int i = 0; i < threads; i++)
		t[i] = thread_start("bench", committer, &b);
	while (clock_mono_ns() < end)
		usleep(10000);
	b.stop = true;
	for (int i = 0; i < threads; i++)
		thread_join(&t[i]);
	store_stats(s, &after);
	n = b.n < SAMPLES ? b.n : SAMPLES;
	qsort(b.latency, n, sizeof *b.latency, by_value);
	printf("commit  %3d threads  %7.0f/s  batch %5.1f  p50 %.2f ms  p99 %.2f ms  max %.1f ms"
	       "  wal %lld MiB\n",
	       threads, (double)b.n / seconds,
	       (double)(after.writes - before.writes) / (double)(after.commits - before.commits),
	       ms(b.latency[n / 2]), ms(b.latency[n * 99 / 100]), ms(b.latency[n - 1]),
	       (long long)after.wal_bytes >> 20);
	free(b.latency);
}

static void fill(struct store *s, struct table *t)
{
	static struct store_write w[500];
	char name[24], value[901];

	memset(value, 'v', 900);
	value[900] = 0;
	for (int i = 0; i < LOAD;) {
		for (int k = 0; k < 500; k++, i++) {
			snprintf(name, sizeof name, "n%d", i * 7919 % LOAD);
			w[k] = (struct store_write){ .table = t,
						     .obj = fixture_obj("load", name, value) };
		}
		if (store_commit(s, w, 500, NULL, NULL) > STORE_EXISTS)
			return;
		for (int k = 0; k < 500; k++)
			obj_unref(w[k].result);
	}
}

static void lists(struct table *t)
{
	struct store_list l, page;
	int64_t begin = clock_mono_ns(), all, pages;
	size_t n = 0;

	store_list(t, "", NULL, NULL, 0, NULL, NULL, &l);
	all = clock_mono_ns() - begin;
	begin = clock_mono_ns();
	store_list(t, "", NULL, NULL, 500, NULL, NULL, &page);
	while (page.more) {
		const struct obj *last = obj_ref(page.items[page.n - 1]);

		n += page.n;
		store_list_free(&page);
		store_list(t, "", last->ns, last->name, 500, NULL, NULL, &page);
		obj_unref(last);
	}
	n += page.n;
	pages = clock_mono_ns() - begin;
	store_list_free(&page);
	begin = clock_mono_ns();
	for (size_t i = 0; i < l.n; i++)
		obj_unref(store_get(t, l.items[i]->ns, l.items[i]->name));
	printf("list    %zu: %.2f ms; in pages of 500 (%zu): %.2f ms; get: %.2f us\n", l.n, ms(all),
	       n, ms(pages), (double)(clock_mono_ns() - begin) / 1e3 / (double)(l.n ? l.n : 1));
	store_list_free(&l);
}

int main(int argc, char **argv)
{
	double seconds = argc > 2 ? atof(argv[2]) : 2;
	int64_t begin = clock_mono_ns(), opened, done;
	struct store *s;
	struct table *t;

	if (argc < 2)
		return 2;
	s = fixture_open(argv[1]);
	opened = clock_mono_ns();
	t = store_table(s, "load", NULL);
	fixture_create(t, s, "a", "first", "1");
	done = clock_mono_ns();
	printf("start   open %.2f ms, first commit %.2f ms\n", ms(opened - begin), ms(done - opened));
	fill(s, t);
	commits(s, 1, seconds);
	commits(s, 8, seconds);
	commits(s, 32, seconds);
	commits(s, 128, seconds);
	lists(t);
	store_close(&s);
	begin = clock_mono_ns();
	s = fixture_open(argv[1]);
	t = store_table(s, "load", NULL);
	printf("reopen  %zu objects: %.1f ms\n", table_count(t), ms(clock_mono_ns() - begin));
	begin = clock_mono_ns();
	store_close(&s);
	printf("close   %.1f ms\n", ms(clock_mono_ns() - begin));
	return 0;
}
