import { expect, onTestFinished, test } from 'vitest'
import { docker, whyNoContainers } from './fixtures/world.ts'
import { localImages } from './image.ts'
import { idLabel, removeContainer } from './leftovers.ts'

const noContainers = await whyNoContainers()

test.skipIf(noContainers !== undefined)('a volume goes with its container', async () => {
  const client = await docker()
  // As the official images of MySQL and MariaDB ask for it.
  const container = await client.createContainer({
    Image: localImages.postgres,
    Volumes: { '/data': {} },
    Labels: { [idLabel]: 'with-volume' },
  })
  onTestFinished(() => container.remove({ force: true, v: true }).catch(() => {}))
  const [mount] = (await container.inspect()).Mounts
  const volume = client.getVolume(mount!.Name!)
  expect(await volume.inspect()).toMatchObject({ Name: mount!.Name })
  expect(await removeContainer(client, 'with-volume')).toBe(1)
  await expect(volume.inspect()).rejects.toThrow('no such volume')
})
