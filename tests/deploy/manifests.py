#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""deploy/kubernetes and deploy/compose hold together, as far as that can be seen without a cluster:
keys and types of each object against the schema beside this file, options against heapwatchd --help,
the configuration against heapwatchd itself, ports, volumes, labels, rights. kubectl kustomize, where it is
installed, must render the same. TAP."""
import copy
import json
import os
import re
import shutil
import subprocess
import sys

try:
    import jsonschema
    import yaml
except ImportError as error:
    print('1..0 # SKIP %s' % error)
    sys.exit(0)

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.environ.get('top_srcdir') or os.path.join(HERE, '..', '..')
HEAPWATCHD = os.path.join(os.environ.get('top_builddir', 'build'), 'heapwatchd')
KUBERNETES = os.path.join(TOP, 'deploy', 'kubernetes')
CAPABILITIES = {'SYS_PTRACE', 'DAC_READ_SEARCH'}  # SECURITY.md


def load(*path):
    with open(os.path.join(TOP, *path), encoding='utf-8') as file:
        return list(yaml.safe_load_all(file))


class Directory:
    """A directory of deploy/kubernetes, as kustomize reads it."""

    def __init__(self, name):
        self.name = name
        self.path = os.path.normpath(os.path.join(KUBERNETES, name))
        self.kustomization = load(self.path, 'kustomization.yaml')[0]

    @property
    def is_component(self):
        return self.kustomization['kind'] == 'Component'

    def files(self):
        generated = self.kustomization.get('configMapGenerator', [])
        return (['kustomization.yaml'] + self.kustomization.get('resources', []) +
                [patch['path'] for patch in self.kustomization.get('patches', [])] +
                [file for one in generated for file in one['files']])

    def objects(self):
        """What comes out, but for generated names, images and the namespace."""
        objects = [one for file in self.kustomization.get('resources', []) for one in load(self.path, file)]
        for name in self.kustomization.get('components', []):
            component = Directory(os.path.join(self.name, name))
            for patch in component.kustomization['patches']:
                for one in objects:
                    if one['kind'] == patch['target']['kind']:
                        merge(one['spec'], load(component.path, patch['path'])[0]['spec'])
        return objects


def merge(into, patch):
    """A strategic merge of what the patches here use: lists of named things grow."""
    for key, value in patch.items():
        if isinstance(value, dict) and key in into:
            merge(into[key], value)
        elif isinstance(value, list) and key in into:
            into[key] = value + into[key]
        else:
            into[key] = copy.deepcopy(value)


def patched_sample(component):
    """A component has no object of its own: the example's app with it."""
    sample = load('deploy', 'kubernetes', 'example', 'deployment.yaml')[0]
    for patch in component.kustomization['patches']:
        merge(sample['spec'], load(component.path, patch['path'])[0]['spec'])
    return sample


DIRECTORIES = [Directory(name) for name in sorted(os.listdir(KUBERNETES))
               if os.path.isdir(os.path.join(KUBERNETES, name))]
OBJECTS = [(directory.name, one) for directory in DIRECTORIES
           for one in (directory.objects() or [patched_sample(directory)])]
PODS = [(name, one['spec']['template']['spec']) for name, one in OBJECTS
        if one['kind'] in ('DaemonSet', 'Deployment')]
OURS = [(name, pod, container) for name, pod in PODS for container in pod['containers']
        if container['image'] == 'heapwatch']


def each_pod_is_watched():
    """By one heapwatchd, which sees processes or is told of a log."""
    for name, pod in PODS:
        ours = [container for other, _, container in OURS if other == name]
        if len(ours) != 1:
            yield '%s: %d containers of heapwatchd' % (name, len(ours))
    for name, pod, container in OURS:
        sees_processes = pod.get('hostPID') or pod.get('shareProcessNamespace')
        if not sees_processes and not any(one.startswith('--gc.log=') for one in container['args']):
            yield '%s: sees neither processes nor a log' % name


def files_are_listed():
    for directory in DIRECTORIES:
        for file in set(os.listdir(directory.path)) ^ set(directory.files()):
            yield '%s/%s is not in both the directory and its kustomization' % (directory.name, file)


def objects_fit_the_schema():
    with open(os.path.join(TOP, 'tests', 'deploy', 'kubernetes.schema.json'), encoding='utf-8') as file:
        schema = json.load(file)
    for name, one in OBJECTS:
        if one['kind'] not in schema['definitions']:
            yield '%s: no schema of %s' % (name, one['kind'])
            continue
        own = dict(schema, **{'$ref': '#/definitions/' + one['kind']})
        for error in jsonschema.Draft7Validator(own).iter_errors(one):
            yield '%s: %s: %s' % (name, '/'.join(map(str, error.absolute_path)), error.message)


def options_exist():
    known = set(re.findall(r'--[a-z.-]+', subprocess.run(
        [HEAPWATCHD, '--help'], capture_output=True, text=True, check=True).stdout))
    commands = [(name, container['args']) for name, _, container in OURS]
    commands.append(('compose', load('deploy', 'compose', 'compose.yaml')[0]['services']['heapwatchd']['command']))
    for name, arguments in commands:
        for argument in arguments:
            if argument.split('=')[0] not in known:
                yield '%s: heapwatchd has no %s' % (name, argument)


def configurations_are_valid():
    for directory in DIRECTORIES:
        for file in directory.files():
            if file.endswith('heapwatchd.yml'):
                path = os.path.join(directory.path, file)
                run = subprocess.run([HEAPWATCHD, '--config.check', '--config.file=' + path],
                                     capture_output=True, text=True, check=False,
                                     env=dict(os.environ, NODE_NAME='node-1'))
                if run.returncode != 0:
                    yield run.stderr


def volumes_are_there():
    for name, pod in PODS:
        volumes = [volume['name'] for volume in pod.get('volumes', [])]
        mounted = {mount['name'] for container in pod['containers'] for mount in container['volumeMounts']}
        if len(set(volumes)) != len(volumes) or set(volumes) != mounted:
            yield '%s: volumes %s, mounted %s' % (name, volumes, sorted(mounted))
        generated = {one['name'] for directory in DIRECTORIES
                     for one in directory.kustomization.get('configMapGenerator', [])}
        for volume in pod.get('volumes', []):
            if volume.get('configMap', {}).get('name', '') not in generated | {''}:
                yield '%s: no ConfigMap for %s' % (name, volume['name'])


def is_below(path, directory):
    return (path + '/').startswith(directory + '/')


def arguments_lead_to_mounts():
    """With a read-only root, what is read or written must be mounted."""
    for name, _, container in OURS:
        mounts = {mount['mountPath']: mount.get('readOnly', False) for mount in container['volumeMounts']}
        for argument in container['args']:
            path = argument.split('=')[1]
            above = [mount for mount in mounts if is_below(path, mount) or is_below(mount, path)]
            if not above:
                yield '%s: nothing is mounted for %s' % (name, argument)
            elif argument.startswith('--storage.path') and mounts[above[0]]:
                yield '%s: %s is read-only' % (name, path)


def mounts_are_where_they_are_looked_for():
    """The host's below --path.rootfs, GC logs where heapwatch run writes them."""
    with open(os.path.join(TOP, 'systemd', 'heapwatchd.tmpfiles'), encoding='utf-8') as file:
        directories = re.findall(r'^d (\S+)', file.read(), re.M)
    for name, pod, container in OURS:
        mounts = {mount['name']: mount['mountPath'] for mount in container['volumeMounts']}
        rootfs = [one.split('=')[1] for one in container['args'] if one.startswith('--path.rootfs=')]
        for volume in pod['volumes']:
            path, mounted = volume.get('hostPath', {}).get('path'), mounts.get(volume['name'])
            if path is not None and mounted not in [path] * (path in directories) + [one + path for one in rootfs]:
                yield '%s: %s of the host is at %s' % (name, path, mounted)
            if volume['name'] == 'heapwatch-gc' and mounted not in directories:
                yield '%s: nobody looks for GC logs at %s' % (name, mounted)


def dockerfile_says(pattern):
    with open(os.path.join(TOP, 'Dockerfile'), encoding='utf-8') as file:
        return re.search(pattern, file.read(), re.M).group(1)


def default_port():
    return int(dockerfile_says(r'^EXPOSE (\d+)$'))


def ports_match():
    for name, _, container in OURS:
        if container['ports'] != [{'name': 'heapwatch', 'containerPort': default_port()}]:
            yield '%s: ports %s' % (name, container['ports'])
        for probe, path in (('livenessProbe', '/-/healthy'), ('readinessProbe', '/-/ready')):
            if probe in container and container[probe]['httpGet'] != {'path': path, 'port': 'heapwatch'}:
                yield '%s: %s asks for something else' % (name, probe)
    for name, one in OBJECTS:
        spec = one.get('spec', {})
        for endpoint in spec.get('podMetricsEndpoints', []) + spec.get('endpoints', []):
            if (endpoint['port'], endpoint['path']) != ('heapwatch', '/metrics'):
                yield '%s: scrapes %s' % (name, endpoint)
        if one['kind'] == 'Service' and [(port['name'], port['port'], port['targetPort']) for port in
                                         spec['ports']] != [('heapwatch', default_port(), 'heapwatch')]:
            yield '%s: %s' % (name, spec['ports'])


def labels_of(template):
    return set(template['metadata']['labels'].items())


def selectors_select():
    templates = [one['spec']['template'] for _, one in OBJECTS if 'template' in one.get('spec', {})]
    kinds = {template['metadata']['labels'].get('heapwatch') for template in templates}
    if kinds != {'node', 'sidecar'}:
        yield 'labels "heapwatch" are %s' % kinds
    for name, one in OBJECTS:
        spec = one.get('spec', {})
        if 'template' in spec and not set(spec['selector']['matchLabels'].items()) <= labels_of(spec['template']):
            yield '%s: its selector is not on its pods' % name
        if one['kind'] == 'Service' and not any(
                set(spec['selector'].items()) <= labels_of(template) for template in templates):
            yield '%s: the service selects nothing' % name
        if one['kind'] == 'PodMonitor' and {(rule['key'], rule['operator']) for rule in
                                            spec['selector']['matchExpressions']} != {('heapwatch', 'Exists')}:
            yield '%s: the monitor selects other pods' % name
        if one['kind'] == 'ServiceMonitor' and not any(
                set(spec['selector']['matchLabels'].items()) <= set(other['metadata']['labels'].items())
                for _, other in OBJECTS if other['kind'] == 'Service'):
            yield '%s: the monitor selects no service' % name


def rights_are_few():
    """No token, a read-only root, and root and capabilities only where processes of others are read."""
    for name, pod, container in OURS:
        context = container['securityContext']
        is_node = pod.get('hostPID', False)
        if pod.get('automountServiceAccountToken', True) or 'serviceAccountName' in pod:
            yield '%s: has a token of the API server' % name
        if pod.get('hostNetwork') or pod.get('hostIPC') or context.get('privileged'):
            yield '%s: more of the host than its processes' % name
        if context.get('allowPrivilegeEscalation', True) or not context.get('readOnlyRootFilesystem'):
            yield '%s: may gain rights or write to its root' % name
        if context['capabilities']['drop'] != ['ALL'] or set(
                context['capabilities'].get('add', [])) != (CAPABILITIES if is_node else set()):
            yield '%s: capabilities %s' % (name, context['capabilities'])
        if not is_node and not (context.get('runAsNonRoot') and context['runAsUser'] > 0):
            yield '%s: may be root' % name
        if 'memory' not in container['resources']['limits']:
            yield '%s: no limit of memory' % name
        for volume in pod['volumes']:
            mount = next(mount for one in pod['containers'] for mount in one['volumeMounts']
                         if mount['name'] == volume['name'])
            if 'hostPath' in volume and volume['name'] != 'state' and not mount.get('readOnly'):
                yield '%s: %s of the host may be written' % (name, volume['name'])
    for name, one in OBJECTS:
        if 'rbac' in one['apiVersion'] or one['kind'] == 'ServiceAccount':
            yield '%s: needs no %s' % (name, one['kind'])


def versions_are_this_one():
    version = subprocess.run([HEAPWATCHD, '--version'], capture_output=True, text=True,
                             check=True).stdout.split()[1]
    for directory in DIRECTORIES:
        for image in directory.kustomization.get('images', []):
            if image['name'] == 'heapwatch' and image['newTag'] != version:
                yield '%s: image %s of version %s' % (directory.name, image['newTag'], version)


def kustomize_agrees():
    for directory in DIRECTORIES:
        if directory.is_component:
            continue
        run = subprocess.run(['kubectl', 'kustomize', directory.path], capture_output=True, text=True,
                             check=False)
        if run.returncode != 0:
            yield run.stderr
            continue
        rendered = {one['kind']: one for one in yaml.safe_load_all(run.stdout)}
        for one in directory.objects():
            if 'template' not in one.get('spec', {}):
                continue
            pod, ours = rendered[one['kind']]['spec']['template'], one['spec']['template']
            names = [sorted(item['name'] for item in template['spec'][key])
                     for template in (pod, ours) for key in ('containers', 'volumes')]
            if names[:2] != names[2:] or labels_of(pod) != labels_of(ours):
                yield '%s: kustomize makes %s of %s' % (directory.name, names[:2], names[2:])


def compose_holds():
    document = load('deploy', 'compose', 'compose.yaml')[0]
    ours = document['services']['heapwatchd']
    if set(ours['cap_add']) != CAPABILITIES or ours['cap_drop'] != ['ALL'] or not ours['read_only'] or \
            ours['pid'] != 'host':
        yield 'rights of heapwatchd'
    if ours['ports'] != ['127.0.0.1:%d:%d' % (default_port(), default_port())]:
        yield 'ports %s' % ours['ports']
    rootfs = [one.split('=')[1] for one in ours['command'] if one.startswith('--path.rootfs=')]
    for mount in ours['volumes']:
        source, target = mount.split(':')[:2]
        if target not in [one + source for one in rootfs] + [dockerfile_says(r'^VOLUME (\S+)$')]:
            yield 'nobody looks for %s at %s' % (source, target)
    for service in document['services'].values():
        for mount in service['volumes']:
            source = mount.split(':')[0]
            if source.startswith('.') and not os.path.exists(os.path.join(TOP, 'deploy', 'compose', source)):
                yield 'no %s' % source
            if source[0] not in './' and source not in document['volumes']:
                yield 'no volume %s' % source


CHECKS = [
    (each_pod_is_watched, 'each pod is watched by one heapwatchd'),
    (files_are_listed, 'each file is part of its kustomization'),
    (objects_fit_the_schema, 'each object has known keys and right types'),
    (options_exist, 'heapwatchd has each option'),
    (configurations_are_valid, 'heapwatchd takes the configuration'),
    (volumes_are_there, 'volumes are declared once and mounted'),
    (arguments_lead_to_mounts, 'what is read and written is mounted'),
    (mounts_are_where_they_are_looked_for, 'mounts are where heapwatchd looks'),
    (ports_match, 'ports are those of heapwatchd'),
    (selectors_select, 'selectors find what they select'),
    (rights_are_few, 'rights are no more than needed'),
    (versions_are_this_one, 'images are of this version'),
    (compose_holds, 'the compose file holds together'),
    (kustomize_agrees, 'kustomize renders the same'),
]


def main():
    print('1..%d' % len(CHECKS))
    for number, (check, name) in enumerate(CHECKS, 1):
        if check is kustomize_agrees and shutil.which('kubectl') is None:
            print('ok %d - %s # SKIP no kubectl' % (number, name))
            continue
        wrong = list(check())
        print('%sok %d - %s' % ('not ' if wrong else '', number, name))
        for message in wrong:
            print('# ' + message[:300].replace('\n', ' '))


main()
