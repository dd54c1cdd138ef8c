// Your guild's bot. Change it, deploy it, and it answers anew: `on`, `createBot`, `prefix`,
// `slash`, `embed`, `kv` and the rest are there without an import.

import { greetings } from './greetings'

const ping = prefix({
  name: 'ping',
  description: 'Is anybody there?',
  run: async (ctx) => {
    await ctx.reply('pong')
  },
})

const hello = prefix({
  name: 'hello',
  description: 'A greeting with a button',
  run: async (ctx) => {
    const greeting = greetings[Math.floor(Math.random() * greetings.length)]
    await ctx.reply({
      embeds: [
        embed()
          .setTitle(greeting)
          .setDescription('This is the script that flora gives to a new guild.')
          .setColor(0x2f9e6e)
          .addField('Try', '`!ping`, `!count`, `/ping`, `/count`', true)
          .toJSON(),
      ],
      components: [
        actionRow()
          .addComponents(
            button().setCustomId('wave').setLabel('Wave back').setStyle(ButtonStyle.Primary),
          )
          .toJSON(),
      ],
    })
  },
})

async function countUp(): Promise<number> {
  const counters = kv.store('counters')
  const count = Number((await counters.get('count')) ?? 0) + 1
  await counters.set('count', String(count))
  return count
}

const count = prefix({
  name: 'count',
  description: 'A number that remembers',
  run: async (ctx) => {
    await ctx.reply(`Counted to ${await countUp()}`)
  },
})

createBot({
  prefix: '!',
  commands: [ping, hello, count],
  slashCommands: [
    slash({
      name: 'ping',
      description: 'Is anybody there?',
      run: async (ctx) => {
        await ctx.reply({ content: 'pong', ephemeral: true })
      },
    }),
    slash({
      name: 'count',
      description: 'A number that remembers',
      run: async (ctx) => {
        await ctx.reply(`Counted to ${await countUp()}`)
      },
    }),
  ],
})

on('componentInteraction', async (ctx) => {
  if (ctx.msg.data.custom_id === 'wave') {
    await ctx.reply(`👋 ${ctx.msg.user.username} waves back.`)
  }
})
