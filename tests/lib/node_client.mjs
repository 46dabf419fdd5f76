// What a program with @kubernetes/client-node does: node_client.mjs CLIENT-DIR, KUBECONFIG set. Prints TAP lines.
import { createRequire } from 'node:module';
import { PassThrough } from 'node:stream';
import assert from 'node:assert/strict';

const k8s = await import(createRequire(process.argv[2] + '/')
  .resolve('@kubernetes/client-node'));
const config = new k8s.KubeConfig();
config.loadFromDefault();
const core = config.makeApiClient(k8s.CoreV1Api);
const apps = config.makeApiClient(k8s.AppsV1Api);
const namespace = 'default';
let number = 0, failed = false;

async function check(name, body) {
  let late;
  const limit = new Promise((_, no) => { late = setTimeout(() => no(new Error('30 s are over')), 30000); });
  try {
    await Promise.race([body(), limit]);
    console.log(`ok ${++number} - ${name}`);
  } catch (e) {
    failed = true;
    console.log(`not ok ${++number} - ${name}\n${String(e.stack ?? e).split('\n').map((l) => '#   ' + l).join('\n')}`);
  }
  clearTimeout(late);
}

/* Collects events; `until` resolves once one of them fits. */
function collector() {
  const events = [], waiting = [];
  return {
    events,
    add(type, object) {
      events.push([type, object.metadata?.name]);
      waiting.forEach((w) => w());
    },
    until(type, name) {
      return new Promise((yes) => {
        const look = () => events.some((e) => e[0] === type && e[1] === name) && yes();
        waiting.push(look);
        look();
      });
    },
  };
}

const configMap = (name, data) => ({ metadata: { name, labels: { app: 'node' } }, data });

await check('create, read, list', async () => {
  await core.createNamespacedConfigMap({ namespace, body: configMap('a', { k: '1' }) });
  assert.equal((await core.readNamespacedConfigMap({ namespace, name: 'a' })).data.k, '1');
  const list = await core.listNamespacedConfigMap({ namespace, labelSelector: 'app=node' });
  assert.deepEqual(list.items.map((i) => i.metadata.name), ['a']);
  assert.ok(list.metadata.resourceVersion);
});

await check('errors are Status', async () => {
  await assert.rejects(core.readNamespacedConfigMap({ namespace, name: 'none' }), (e) => e.code === 404
    && JSON.parse(e.body).reason === 'NotFound');
  await assert.rejects(core.createNamespacedConfigMap({ namespace, body: configMap('a') }), (e) => e.code === 409);
});

for (const [strategy, body] of [
  ['MergePatch', { data: { m: '1' } }],
  ['StrategicMergePatch', { data: { s: '1' } }],
  ['JsonPatch', [{ op: 'add', path: '/data/j', value: '1' }]],
]) {
  await check(strategy, async () => {
    const type = k8s.PatchStrategy[strategy];
    const o = await core.patchNamespacedConfigMap({ namespace, name: 'a', body }, k8s.setHeaderOptions('Content-Type', type));
    assert.equal(o.data[strategy[0].toLowerCase()], '1');
  });
}

await check('replace with the revision that was read; a stale one is refused', async () => {
  const o = await core.readNamespacedConfigMap({ namespace, name: 'a' });
  o.data = { k: '2' };
  await core.replaceNamespacedConfigMap({ namespace, name: 'a', body: o });
  await assert.rejects(core.replaceNamespacedConfigMap({ namespace, name: 'a', body: { ...o, data: { k: '3' } } }), (e) => e.code === 409);
});

await check('watch', async () => {
  const seen = collector();
  const watch = new k8s.Watch(config);
  const request = await watch.watch(`/api/v1/namespaces/${namespace}/configmaps`, { labelSelector: 'app=node' }, (t, o) => seen.add(t, o), () => {});
  await seen.until('ADDED', 'a');
  await core.createNamespacedConfigMap({ namespace, body: configMap('b', {}) });
  await seen.until('ADDED', 'b');
  await core.deleteNamespacedConfigMap({ namespace, name: 'b' });
  await seen.until('DELETED', 'b');
  request.abort();
});

await check('a watch is resumed from the last revision', async () => {
  const { metadata: { resourceVersion } } = await core.listNamespacedConfigMap({ namespace });
  await core.createNamespacedConfigMap({ namespace, body: configMap('r', {}) });
  await core.deleteNamespacedConfigMap({ namespace, name: 'r' });
  const seen = collector();
  const request = await new k8s.Watch(config).watch(`/api/v1/namespaces/${namespace}/configmaps`, { resourceVersion }, (t, o) => seen.add(t, o), () => {});
  await seen.until('DELETED', 'r');
  assert.deepEqual(seen.events, [['ADDED', 'r'], ['DELETED', 'r']]);
  request.abort();
});

await check('server-side apply, and its conflict', async () => {
  const apply = (fieldManager, v) => core.patchNamespacedConfigMap({ namespace, name: 'applied', fieldManager,
    body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' }, data: { k: v } } },
  k8s.setHeaderOptions('Content-Type', k8s.PatchStrategy.ServerSideApply));
  assert.equal((await apply('one', '1')).data.k, '1');
  await assert.rejects(apply('two', '2'), (e) => e.code === 409);
});

await check('informer', async () => {
  const seen = collector();
  const informer = k8s.makeInformer(config, `/api/v1/namespaces/${namespace}/configmaps`,
    () => core.listNamespacedConfigMap({ namespace }));
  for (const type of ['add', 'update', 'delete']) informer.on(type, (o) => seen.add(type, o));
  await informer.start();
  await seen.until('add', 'a');
  await core.createNamespacedConfigMap({ namespace, body: configMap('c', {}) });
  await seen.until('add', 'c');
  await core.patchNamespacedConfigMap({ namespace, name: 'c', body: { data: { x: 'y' } } }, k8s.setHeaderOptions('Content-Type', k8s.PatchStrategy.MergePatch));
  await seen.until('update', 'c');
  await core.deleteNamespacedConfigMap({ namespace, name: 'c' });
  await seen.until('delete', 'c');
  assert.ok(informer.get('a', namespace));
  await informer.stop();
});

const pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'main', image: 'i', command: ['sleep', '1000'] }] } };
await check('a pod runs', async () => {
  const seen = collector();
  const watch = new k8s.Watch(config);
  const request = await watch.watch(`/api/v1/namespaces/${namespace}/pods`, {}, (t, o) => seen.add(o.status?.phase, o), () => {});
  await core.createNamespacedPod({ namespace, body: pod });
  await seen.until('Running', 'p');
  request.abort();
});

function run(command, stdin) {
  const out = new PassThrough();
  let text = '';
  out.on('data', (d) => { text += d; });
  return new Promise((yes, no) => new k8s.Exec(config)
    .exec(namespace, 'p', 'main', command, out, new PassThrough(), stdin, false, (status) => yes([status, text])).catch(no));
}
await check('exec', async () => {
  const [status, text] = await run(['echo', 'hello'], null);
  assert.equal(status.status, 'Success');
  assert.equal(text, 'hello\n');
});
await check('exec that fails says its exit code', async () => {
  const [status] = await run(['sh', '-c', 'exit 3'], null);
  assert.equal(status.details.causes.find((c) => c.reason === 'ExitCode').message, '3');
});
await check('log', async () => {
  const out = new PassThrough();
  const first = new Promise((yes) => out.once('data', yes));
  await new k8s.Log(config).log(namespace, 'p', 'main', out, {});
  assert.match(String(await first), /main/);
});

await check('scale and a Deployment', async () => {
  const labels = { app: 'd' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  await apps.createNamespacedDeployment({ namespace, body: { metadata: { name: 'd' }, spec: { replicas: 1, selector: { matchLabels: labels }, template } } });
  for (let tries = 1; ; tries++) { // the controller writes at the same time
    const scale = await apps.readNamespacedDeploymentScale({ namespace, name: 'd' });
    scale.spec.replicas = 2;
    try {
      await apps.replaceNamespacedDeploymentScale({ namespace, name: 'd', body: scale });
      break;
    } catch (e) {
      if (e.code !== 409 || tries === 20) throw e;
    }
  }
  assert.equal((await apps.readNamespacedDeployment({ namespace, name: 'd' })).spec.replicas, 2);
});

await check('discovery through KubernetesObjectApi', async () => {
  const client = k8s.KubernetesObjectApi.makeApiClient(config);
  const o = await client.read({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd', namespace } });
  assert.equal(o.kind, 'Deployment');
  await client.delete({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd', namespace } });
});

process.exit(failed ? 1 : 0);
