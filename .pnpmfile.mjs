/** typedoc reads sources with the compiler's JavaScript interface, which TypeScript 7 no longer has. */
export const hooks = {
  readPackage(manifest) {
    if (manifest.name !== 'typedoc') return manifest
    const { typescript: _, ...peerDependencies } = manifest.peerDependencies
    const dependencies = { ...manifest.dependencies, typescript: '6.0.3' }
    return { ...manifest, dependencies, peerDependencies }
  },
}
